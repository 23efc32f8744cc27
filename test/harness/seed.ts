import fc from "fast-check";

// Property tests look at the same samples every time, so that a failure is the change's and not the day's. FAST_CHECK_SEED in
// the environment takes others; a failure prints the seed it was found with.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20261121) });
