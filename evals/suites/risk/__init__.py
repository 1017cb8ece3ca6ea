"""The suite of delivery risk: status reports to cited statements and ratings."""
