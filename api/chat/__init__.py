"""What all chat surfaces share: whose account it is, what was received and is worked after its
acknowledgement, where a conversation takes place, and which messages show a proposal."""
