"""Stories: dated steps and what people then see, played through the same commands as the API."""
