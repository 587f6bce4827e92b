"""What only this project needs. The commands are in the Makefile; these modules use the standard library only."""
