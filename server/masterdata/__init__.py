"""Master data: areas, schools, classes and units, with every change kept. Tables are in `server.places`."""
