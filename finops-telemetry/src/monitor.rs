//! `ResourceMonitor`: meters every inference and training run.
