// Behaviour shared by every page. The pages work without it; this makes them quicker.
import htmx from "htmx.org";

// The content security policy allows no inline style and no evaluated script.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
