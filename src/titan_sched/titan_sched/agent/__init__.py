"""The agent of one host: launches, watches and kills tasks. Standard library only."""
