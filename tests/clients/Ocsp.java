import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * java Ocsp.java ROOT LEAF TENANT REGION: does the JDK take this chain, with OCSP asked at each level by the URLs in the
 * certificates, and nothing in its place? -Dcrl=true: the CRLs that the certificates name, in the place of OCSP.
 */
public class Ocsp {
	public static void main(String[] files) throws Exception {
		CertificateFactory factory = CertificateFactory.getInstance("X.509");
		List<X509Certificate> chain = new ArrayList<>();
		for (String file : files) {
			try (InputStream in = new FileInputStream(file)) {
				chain.add((X509Certificate) factory.generateCertificate(in));
			}
		}
		CertPathValidator validator = CertPathValidator.getInstance("PKIX");
		PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
		EnumSet<PKIXRevocationChecker.Option> options = EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK);
		if (Boolean.getBoolean("crl")) {
			options.add(PKIXRevocationChecker.Option.PREFER_CRLS);
		}
		checker.setOptions(options);
		PKIXParameters with = new PKIXParameters(Set.of(new TrustAnchor(chain.remove(0), null)));
		with.addCertPathChecker(checker);
		try {
			validator.validate(factory.generateCertPath(chain), with);
		} catch (CertPathValidatorException e) {
			System.out.println(e.getReason() + ": " + e.getMessage());
			System.exit(1);
		}
		System.out.println("VALID");
	}
}
