"""SIGKILL of the reference under load: nothing confirmed is lost, nothing settled comes back."""
