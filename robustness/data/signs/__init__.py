"""The embedded image set: 43 German traffic signs drawn in code. A stand-in: verdicts that matter are made on real data."""
