"""Firms, who supplies them with labour and whom with goods, where exploitation is in force, and what comes to light."""
