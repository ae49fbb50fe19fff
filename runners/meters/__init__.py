"""What is measured beside the answers, one module each; none knows another or a runtime."""
