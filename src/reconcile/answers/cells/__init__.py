"""One cell each: what somebody wrote → what it means, with what was made of it said in French. Pure."""
