"""Forms for the browser: an XForm in, the HTML and model that Enketo runs out. PURE."""
