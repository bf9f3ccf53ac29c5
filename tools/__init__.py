"""For working on PneumoWeb by hand: fuzzers, picture makers, screenshots. Nothing here runs on a site."""
