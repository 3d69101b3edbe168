package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Fork;

/** A fork each of whose groups begins with a product of its own. */
final class ProductsInGroups implements Fork {

  private final Fork fork;
  private final Runnable second;

  /**
   * Enqueues the first.
   *
   * @param fork that has just begun; closed if the first product throws
   */
  ProductsInGroups(Fork fork, Runnable first, Runnable second) {
    this.fork = fork;
    this.second = second;
    try {
      first.run();
    } catch (RuntimeException e) {
      fork.close();
      throw e;
    }
  }

  @Override
  public void second() {
    fork.second();
    second.run();
  }

  @Override
  public void close() {
    fork.close();
  }
}
