"""What GAIL and AIRL need once they are built: a network, and how it learns."""
