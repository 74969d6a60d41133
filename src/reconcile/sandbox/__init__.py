"""The whole outside world on loopback. Shares no code with the clients it exercises."""
