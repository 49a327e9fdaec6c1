"""From the loop level to text: C for NEON, for the machine at hand, and portable C."""
