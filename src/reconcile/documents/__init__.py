"""What people are handed: calendars. Pure: values in, bytes out, in French."""
