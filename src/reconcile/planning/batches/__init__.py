"""Who migrates when: the weight of each federation, a proposal of dates, the next date with room. Pure."""
