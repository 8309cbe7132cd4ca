use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use tokio_stream::Stream;

use crate::v1::{Interest, Stop};

/// What the bridge tells of the readers of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The topic has so many readers now.
    Interest(Interest),
    /// A reader asks to stop; the producer decides.
    Stop(Stop),
}

impl Notice {
    fn topic(&self) -> &str {
        match self {
            Self::Interest(interest) => &interest.topic,
            Self::Stop(stop) => &stop.topic,
        }
    }
}

/// The notices of a [`Publisher`](crate::Publisher) from the time at which they were asked for, until it is closed.
///
/// Keeps the last of each topic only, so that whoever is slow costs no more than that.
pub struct Notices(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    /// Those that something is to be told of, in order.
    topics: VecDeque<String>,
    of: HashMap<String, Last>,
    closed: bool,
    waker: Option<Waker>,
}

#[derive(Default)]
struct Last {
    interest: Option<Interest>,
    stop: Option<Stop>,
}

impl Notices {
    /// The next one; none when the publisher is closed. Dropped before it is ready, it takes none.
    pub async fn next(&mut self) -> Option<Notice> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        let mut queue = lock(&self.0);
        match queue.take() {
            Some(notice) => Poll::Ready(Some(notice)),
            None if queue.closed => Poll::Ready(None),
            None => {
                queue.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Stream for Notices {
    type Item = Notice;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        self.poll(cx)
    }
}

impl Queue {
    fn add(&mut self, notice: Notice) {
        let topic = notice.topic().to_string();
        let last = self.of.entry(topic.clone()).or_insert_with(|| {
            self.topics.push_back(topic);
            Last::default()
        });
        match notice {
            Notice::Interest(interest) => last.interest = Some(interest),
            Notice::Stop(stop) => last.stop = Some(stop),
        }
    }

    fn take(&mut self) -> Option<Notice> {
        let last = self.of.get_mut(self.topics.front()?)?;
        let notice = match last.interest.take() {
            Some(interest) => Some(Notice::Interest(interest)),
            None => last.stop.take().map(Notice::Stop),
        };
        if last.stop.is_none() {
            let topic = self.topics.pop_front()?;
            self.of.remove(&topic);
        }
        notice
    }
}

/// All that listen to a publisher.
#[derive(Default)]
pub(crate) struct Listeners {
    all: Vec<Weak<Mutex<Queue>>>,
    closed: bool,
}

impl Listeners {
    pub fn listen(&mut self) -> Notices {
        let queue = Arc::new(Mutex::new(Queue { closed: self.closed, ..Default::default() }));
        self.all.retain(|each| each.strong_count() > 0);
        self.all.push(Arc::downgrade(&queue));
        Notices(queue)
    }

    pub fn tell(&mut self, notice: &Notice) {
        self.each(|queue| queue.add(notice.clone()));
    }

    pub fn close(&mut self) {
        self.closed = true;
        self.each(|queue| queue.closed = true);
    }

    fn each(&mut self, mut change: impl FnMut(&mut Queue)) {
        for queue in self.all.iter().filter_map(Weak::upgrade) {
            let waker = {
                let mut queue = lock(&queue);
                change(&mut queue);
                queue.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interest(topic: &str, subscribers: u64) -> Notice {
        Notice::Interest(Interest { topic: topic.into(), subscribers })
    }

    fn stop(topic: &str) -> Notice {
        Notice::Stop(Stop { topic: topic.into(), reason: "!".into() })
    }

    #[tokio::test]
    async fn who_is_slow_is_told_the_last_of_each_topic() {
        let mut listeners = Listeners::default();
        let mut slow = listeners.listen();
        let mut other = listeners.listen();
        listeners.tell(&interest("a", 0));
        assert_eq!(other.next().await, Some(interest("a", 0)));
        for subscribers in 1..100 {
            listeners.tell(&interest("b", subscribers));
            listeners.tell(&interest("a", subscribers));
        }
        listeners.tell(&stop("b"));
        listeners.close();
        for wanted in [interest("a", 99), interest("b", 99), stop("b")] {
            assert_eq!(slow.next().await, Some(wanted));
        }
        assert_eq!((slow.next().await, listeners.listen().next().await), (None, None));
    }

    #[tokio::test]
    async fn who_waits_is_woken_and_who_left_is_forgotten() {
        let mut listeners = Listeners::default();
        let mut notices = listeners.listen();
        drop(listeners.listen());
        let told = tokio::spawn(async move { (notices.next().await, notices.next().await) });
        tokio::task::yield_now().await;
        listeners.tell(&stop("a"));
        tokio::task::yield_now().await;
        listeners.close();
        assert_eq!(told.await.unwrap(), (Some(stop("a")), None));
        let _one = listeners.listen();
        assert_eq!(listeners.all.len(), 1);
    }
}
