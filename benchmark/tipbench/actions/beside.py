def call_beside(options):
    raise NotImplementedError
