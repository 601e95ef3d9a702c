desired = 12
