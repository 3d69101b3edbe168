package dev.cantilever.chat.python;

import java.util.AbstractList;

/** What {@code range()} gives: whole numbers that can be counted and picked, and are no list. */
public final class PythonRange extends AbstractList<Object> {

  private final long start;
  private final long stop;
  private final long step;
  private final int size;

  /**
   * Makes one.
   *
   * @param start the first number
   * @param stop where it ends, itself left out
   * @param step from one number to the next
   * @throws TemplateRefusal if the step is 0 or there are more numbers than a list may have
   */
  public PythonRange(long start, long stop, long step) {
    if (step == 0) {
      throw TemplateRefusal.failing("range() with a step of 0");
    }
    double count = Math.max(0, Math.ceil(((double) stop - start) / step));
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.size = TemplateBounds.items(count);
  }

  @Override
  public Object get(int index) {
    return start + index * step;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String toString() {
    return "range(" + start + ", " + stop + (step == 1 ? "" : ", " + step) + ")";
  }
}
