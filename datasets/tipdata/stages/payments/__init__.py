"""The ledger: who pays whom, when, how much and how, scheme by scheme. The stage ``payments`` puts it together."""
