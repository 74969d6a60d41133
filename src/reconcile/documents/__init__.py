"""What people are handed: calendars, sentences on cost. Pure: values in, bytes out, in French."""
