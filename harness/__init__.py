"""lockout: would your workloads survive losing their identity system?"""

__version__ = "0.1.0"
