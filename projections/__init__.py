"""What an organisation may know: facts held, and the questions answered from them."""
