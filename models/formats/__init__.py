"""Files in and out: the tables of docs/formats.md, read strictly."""
