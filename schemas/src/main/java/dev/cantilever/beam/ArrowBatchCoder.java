package dev.cantilever.beam;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.beam.sdk.coders.AtomicCoder;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.CoderProvider;
import org.apache.beam.sdk.coders.CoderProviders;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.util.VarInt;
import org.apache.beam.sdk.values.TypeDescriptor;

/** An {@link ArrowBatch} as its row type's name, its row count and its Arrow IPC bytes. */
public final class ArrowBatchCoder extends AtomicCoder<ArrowBatch> {

  private static final long serialVersionUID = 1L;
  private static final ArrowBatchCoder INSTANCE = new ArrowBatchCoder();

  private ArrowBatchCoder() {}

  /** The coder. */
  public static ArrowBatchCoder of() {
    return INSTANCE;
  }

  /** How Beam finds the coder of an {@link ArrowBatch}. */
  public static CoderProvider getCoderProvider() {
    return CoderProviders.forCoder(TypeDescriptor.of(ArrowBatch.class), INSTANCE);
  }

  @Override
  public void encode(ArrowBatch batch, OutputStream out) throws IOException {
    StringUtf8Coder.of().encode(batch.rowType(), out);
    VarIntCoder.of().encode(batch.rows(), out);
    ByteArrayCoder.of().encode(batch.ipc(), out);
  }

  @Override
  public ArrowBatch decode(InputStream in) throws IOException {
    String rowType = StringUtf8Coder.of().decode(in);
    int rows = VarIntCoder.of().decode(in);
    return new ArrowBatch(rowType, rows, ByteArrayCoder.of().decode(in));
  }

  @Override
  public boolean consistentWithEquals() {
    return true;
  }

  @Override
  public boolean isRegisterByteSizeObserverCheap(ArrowBatch batch) {
    return true;
  }

  @Override
  protected long getEncodedElementByteSize(ArrowBatch batch) throws Exception {
    return StringUtf8Coder.of().getEncodedElementByteSize(batch.rowType())
        + VarInt.getLength(batch.rows())
        + VarInt.getLength(batch.ipc().length)
        + batch.ipc().length;
  }

  @Override
  public TypeDescriptor<ArrowBatch> getEncodedTypeDescriptor() {
    return TypeDescriptor.of(ArrowBatch.class);
  }
}
