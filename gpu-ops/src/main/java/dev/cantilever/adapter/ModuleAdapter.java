package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.LoraBranch;
import dev.cantilever.nn.Magnitude;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An adapter's branch of one module: A, B and DoRA's lengths; and where it began by taking its
 * product off the base, a second, frozen branch of what it began from, subtracted, so that the base
 * stays what it is for others.
 */
final class ModuleAdapter implements AdapterPart {

  private final DeviceCopies copies;
  private final AdapterConfig config;
  private final LoraTarget target;
  private final LoraModule module;
  private final Optional<WeightReader> reader;
  private final LoraBranch branch;
  private final Optional<LoraBranch> beginning;

  /** Takes room; nothing is attached yet. */
  ModuleAdapter(
      Backend backend,
      Arena arena,
      String name,
      AdapterConfig config,
      LoraTarget target,
      Optional<WeightReader> reader,
      boolean trainable) {
    this.reader = reader;
    this.copies = new DeviceCopies(backend);
    this.config = config;
    this.target = target;
    this.module = module(target);
    Optional<Magnitude> magnitude =
        config.useDora()
            ? Optional.of(
                new Magnitude(backend, arena, module.nameMagnitude(), target.outFeatures()))
            : Optional.empty();
    float scale = (float) config.scale(target.path());
    float dropout = (float) config.loraDropout();
    this.branch =
        new LoraBranch(
            name,
            Parameter.in(arena, module.nameA(), shapeA()),
            Parameter.in(arena, module.nameB(), shapeB()),
            target.column(),
            scale,
            dropout,
            trainable,
            magnitude);
    this.beginning =
        config.init().changesBase()
            ? Optional.of(
                new LoraBranch(
                    name,
                    Parameter.in(arena, module.nameA() + ".beginning", shapeA()),
                    Parameter.in(arena, module.nameB() + ".beginning", shapeB()),
                    target.column(),
                    -scale,
                    0,
                    false,
                    Optional.empty()))
            : Optional.empty();
  }

  static LoraModule module(LoraTarget target) {
    return new LoraModule(target.path(), target.inFeatures(), target.outFeatures());
  }

  private Shape shapeA() {
    return Shape.of(config.rank(target.path()), target.inFeatures());
  }

  private Shape shapeB() {
    return Shape.of(target.outFeatures(), config.rank(target.path()));
  }

  @Override
  public void attach() {
    target.linear().attach(branch);
    beginning.ifPresent(target.linear()::attach);
  }

  @Override
  public Optional<LoraModule> module() {
    return Optional.of(module);
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>(List.of(branch.a(), branch.b()));
    branch.magnitude().ifPresent(magnitude -> parameters.add(magnitude.lengths()));
    return parameters;
  }

  @Override
  public void putGradients(Map<String, float[]> gradients) {
    gradients.put(branch.a().name(), copies.download(branch.a().gradient()));
    Parameter b = branch.b();
    gradients.put(b.name(), target.toFile(copies.download(b.gradient())));
    branch
        .magnitude()
        .map(Magnitude::lengths)
        .ifPresent(m -> gradients.put(m.name(), target.toFile(copies.download(m.gradient()))));
  }

  /** Draws fresh values, from a stream of the module's own. */
  @Override
  public void begin(long seed) {
    int r = config.rank(target.path());
    FreshValues fresh = new FreshValues(seed, target.path());
    Tensor a = branch.a().value();
    Tensor b = branch.b().value();
    LoraInit.Scheme scheme = config.init().scheme();
    switch (scheme) {
      case DEFAULT, RANDOM -> copies.upload(a, fresh.uniform(a, target.inFeatures()));
      case GAUSSIAN -> copies.upload(a, fresh.normal(a, 1.0 / r));
      case PISSA, OLORA -> beginFromBase();
      default -> throw new IllegalArgumentException("No fresh adapter begins by " + scheme);
    }
    if (scheme == LoraInit.Scheme.RANDOM) {
      copies.upload(b, fresh.uniform(b, r));
    } else if (config.init().isIdentity()) {
      copies.backend().transfers().zero(b);
    }
    lengths().ifPresent(BranchLengths::begin);
  }

  /** Begins from the base's own factors. */
  private void beginFromBase() {
    takeOff(factors());
    LoraBranch from = beginning.orElseThrow();
    copies.backend().transfers().copy(branch.a().value(), from.a().value());
    copies.backend().transfers().copy(branch.b().value(), from.b().value());
  }

  private LowRankFactors factors() {
    return BaseFactors.of(
        reader.orElseThrow().matrix(target),
        config.init(),
        config.rank(target.path()),
        config.scale(target.path()));
  }

  private void takeOff(LowRankFactors factors) {
    LoraBranch from = beginning.orElseThrow();
    copies.upload(from.a().value(), factors.floatA());
    copies.upload(from.b().value(), factors.floatB());
  }

  @Override
  public void read(AdapterDirectory source) throws IOException {
    copies.upload(branch.a().value(), source.readA(module));
    copies.upload(branch.b().value(), target.toModel(source.readB(module)));
    if (branch.magnitude().isPresent()) {
      Tensor lengths = branch.magnitude().get().lengths().value();
      copies.upload(lengths, target.toModel(source.readMagnitude(module)));
    }
    if (beginning.isPresent()) {
      int r = config.rank(target.path());
      Optional<LowRankFactors> off = BaseCopies.takenOff(copies.backend(), source, target, r);
      takeOff(off.isPresent() ? off.get().over(config.scale(target.path())) : factors());
    }
  }

  /** Computes the norms that A, B and the lengths give. */
  @Override
  public void parametersChanged() {
    lengths().ifPresent(BranchLengths::update);
  }

  private Optional<BranchLengths> lengths() {
    return branch.magnitude().map(m -> new BranchLengths(copies, m, this::norms, this::bias));
  }

  /** The bias that acts on its outputs, which the adapter may have its own of. */
  private float[] bias() {
    Weight acting = target.linear().weight(Set.of(branch.adapter()));
    return reader.orElseThrow().bias(target, acting);
  }

  /** ‖W + scale·B·A‖ of each output, [O']. */
  private float[] norms() {
    WeightReader base = reader.orElseThrow();
    double[] a = DoraNorms.widened(copies.download(branch.a().value()));
    float[] b = copies.download(branch.b().value());
    double[] squares = base.rowSquares(target.linear());
    double[] crossed = base.times(target, a);
    return DoraNorms.of(squares, target.column(), crossed, a, b, branch.rank(), branch.scale());
  }

  /** Writes the branch; one that began from the base with what it began from subtracted. */
  @Override
  public void write(AdapterWriter writer) throws IOException {
    float[] a = copies.download(branch.a().value());
    float[] b = copies.download(branch.b().value());
    if (beginning.isPresent()) {
      int r = config.rank(target.path());
      a = LowRankFactors.stacked(a, copies.download(beginning.get().a().value()));
      b = LowRankFactors.besideNegated(b, copies.download(beginning.get().b().value()), r);
    }
    writer.writeA(module, a);
    writer.writeB(module, target.toFile(b));
    if (branch.magnitude().isPresent()) {
      float[] lengths = copies.download(branch.magnitude().get().lengths().value());
      writer.writeMagnitude(module, target.toFile(lengths));
    }
  }
}
