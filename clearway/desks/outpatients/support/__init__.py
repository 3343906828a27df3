"""What patients need at a visit: arranged for each booking, and met or not when they came."""
