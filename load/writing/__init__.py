"""The writing of a plan: parcels, intents before, results after."""
