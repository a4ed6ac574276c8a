"""What is done with logins: made, changed, given roles, invited by mail; stands on the journal, which it writes."""
