"""A simulated CRM, PSA, ERP and HRIS: its own process, its own database, and faults on request."""
