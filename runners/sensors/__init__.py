"""What a box can tell while a load runs, one module for each place it is told; none knows another or a meter."""
