//! Physical units: energy, carbon, power, water.
