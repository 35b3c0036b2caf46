"""What runs inside the box of a host, which starts it once a submission."""
