//! Weekly and monthly reports: one model; JSON, Markdown and a single HTML file from it.
