package dev.cantilever.beam;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.beam.sdk.coders.AtomicCoder;
import org.apache.beam.sdk.coders.CoderProvider;
import org.apache.beam.sdk.coders.CoderProviders;
import org.apache.beam.sdk.values.TypeDescriptor;

/** A {@link BatchKey} as two big-endian 32-bit integers, step then batch; sorts as the key does. */
public final class BatchKeyCoder extends AtomicCoder<BatchKey> {

  private static final long serialVersionUID = 1L;
  private static final BatchKeyCoder INSTANCE = new BatchKeyCoder();

  private BatchKeyCoder() {}

  /** The coder. */
  public static BatchKeyCoder of() {
    return INSTANCE;
  }

  /** How Beam finds the coder of a {@link BatchKey}. */
  public static CoderProvider getCoderProvider() {
    return CoderProviders.forCoder(TypeDescriptor.of(BatchKey.class), INSTANCE);
  }

  @Override
  public void encode(BatchKey key, OutputStream out) throws IOException {
    DataOutputStream data = new DataOutputStream(out);
    data.writeInt(key.step());
    data.writeInt(key.batch());
  }

  @Override
  public BatchKey decode(InputStream in) throws IOException {
    DataInputStream data = new DataInputStream(in);
    int step = data.readInt();
    return new BatchKey(step, data.readInt());
  }

  @Override
  public boolean consistentWithEquals() {
    return true;
  }

  @Override
  public TypeDescriptor<BatchKey> getEncodedTypeDescriptor() {
    return TypeDescriptor.of(BatchKey.class);
  }
}
