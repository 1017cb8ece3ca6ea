"""The invoices suite: whether and when each invoice of the newest part of a ledger is paid."""
