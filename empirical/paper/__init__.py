"""What Huang et al. did: their network, their data, their splits."""
