package dev.cantilever.beam;

import java.util.List;
import org.apache.beam.sdk.schemas.SchemaProvider;
import org.apache.beam.sdk.schemas.SchemaProviderRegistrar;

/** How Beam's service loader finds {@link RecordSchemaProvider}. */
public final class RecordSchemaRegistrar implements SchemaProviderRegistrar {

  @Override
  public List<SchemaProvider> getSchemaProviders() {
    return List.of(new RecordSchemaProvider());
  }
}
