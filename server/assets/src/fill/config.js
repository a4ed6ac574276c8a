// Enketo's settings. No map is loaded from another host: positions are typed, or taken from the device.
const BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAAAADs=";

export default {
  experimentalOptimizations: { computeAsync: false },
  excludeNonRelevant: true, // as Collect counts: what is not asked has no answer
  maps: [{ name: "none", tiles: [BLANK], attribution: "", maxzoom: 18 }],
  googleApiKey: "",
  repeatOrdinals: false,
  validateContinuously: false,
  validatePage: true,
  swipePage: false,
  textMaxChars: 5000,
};
