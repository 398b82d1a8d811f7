"""What system tests are made of; README.md in the folder above shows how."""
