//! What Tokio's current-thread runtime takes for the operations of runtime_bench.cpp: prints "name<TAB>nanoseconds" lines, medians of five rounds.
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, Semaphore};

async fn nothing() {}

async fn one_by_one(count: usize) {
    for _ in 0..count {
        tokio::spawn(nothing()).await.unwrap();
    }
}

async fn batches(count: usize) {
    let mut children = Vec::with_capacity(1000);
    for _ in 0..count / 1000 {
        for _ in 0..1000 {
            children.push(tokio::spawn(nothing()));
        }
        for child in children.drain(..) {
            child.await.unwrap();
        }
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

async fn queue(count: usize) {
    let (put, mut get) = mpsc::channel::<i32>(64);
    let producer = tokio::spawn(async move {
        for i in 0..count {
            put.send(i as i32).await.unwrap();
        }
    });
    let mut sum = 0i64;
    while let Some(item) = get.recv().await {
        sum += i64::from(item);
    }
    producer.await.unwrap();
    std::hint::black_box(sum);
}

async fn semaphore(count: usize) {
    let permits = Arc::new(Semaphore::new(10));
    let mut children = Vec::with_capacity(1000);
    for _ in 0..1000 {
        let permits = permits.clone();
        children.push(tokio::spawn(async move {
            for _ in 0..count / 1000 {
                let permit = permits.acquire().await.unwrap();
                tokio::task::yield_now().await;
                drop(permit);
            }
        }));
    }
    for child in children {
        child.await.unwrap();
    }
}

// A timer is registered by its first poll.
async fn timers(count: usize) {
    for _ in 0..count {
        let mut sleep = Box::pin(tokio::time::sleep(Duration::from_secs(3600)));
        std::future::poll_fn(|context| {
            let _ = sleep.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
}

fn measure<F: Future<Output = ()>>(name: &str, count: usize, body: impl Fn(usize) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(body(count / 10));
    let mut rounds: Vec<f64> = (0..5)
        .map(|_| {
            let begin = Instant::now();
            runtime.block_on(body(count));
            begin.elapsed().as_nanos() as f64 / count as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{name}\t{:.1}", rounds[2]);
}

fn main() {
    measure("spawn and join, one by one", 1_000_000, one_by_one);
    measure("spawn and join, 1000 at a time", 1_000_000, batches);
    measure("yield_now", 2_000_000, turns);
    measure("item through a bounded queue", 2_000_000, queue);
    measure("contended semaphore", 1_000_000, semaphore);
    measure("timer made and cancelled", 1_000_000, timers);
}
