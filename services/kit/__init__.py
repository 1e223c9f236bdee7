"""What every service shares. No words of the domain here."""
