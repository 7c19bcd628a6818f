"""The traffic-sign study this package grew from, measured again."""
