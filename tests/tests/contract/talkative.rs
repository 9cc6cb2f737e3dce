use tests::RunOptions;

/// Lets the program log all that it can say about its own work: secrets and buyers must not stand there, either.
pub fn talkative(options: RunOptions) -> RunOptions {
    let everything =
        "info,backend=trace,sync=trace,database=trace,tiktok_shop=trace,prestashop=trace,job_queue=trace";
    RunOptions { environment: [("RUST_LOG", everything.to_owned())].into(), ..options }
}
