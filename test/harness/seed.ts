import fc from "fast-check";

// Property tests use the same samples every time, so that a failure comes from a change and not from chance. FAST_CHECK_SEED in
// the environment chooses others; a failure prints its seed.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20261121) });
