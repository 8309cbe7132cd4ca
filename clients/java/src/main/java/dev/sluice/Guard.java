package dev.sluice;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** The lock of a publisher, whose holders may wait for each other. Thread-safe. */
final class Guard {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** What waits with {@link #await}. */
  interface Waiting<T, E extends Exception> {
    T run() throws InterruptedException, E;
  }

  /** Changes something: all who wait look again. */
  void run(Runnable action) {
    lock.lock();
    try {
      action.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  <T> T get(Supplier<T> question) {
    lock.lock();
    try {
      return question.get();
    } finally {
      lock.unlock();
    }
  }

  /** Runs what may wait. */
  <T, E extends Exception> T call(Waiting<T, E> action) throws InterruptedException, E {
    lock.lockInterruptibly();
    try {
      return action.run();
    } finally {
      lock.unlock();
    }
  }

  /** With the lock held: until a change, and so many nanoseconds at most. */
  void await(long nanos) throws InterruptedException {
    changed.awaitNanos(nanos);
  }

  /** With the lock held: after a change. */
  void wakeOthers() {
    changed.signalAll();
  }
}
