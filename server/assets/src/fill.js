// A form filled in the browser (Enketo): a document of its own with its own bundle, see forms/pages/fill.
import { startFilling } from "./fill/page.js";

startFilling();
