"""The pictures of the documents, one file each; :mod:`tipdocs.picture` says what is in it."""
